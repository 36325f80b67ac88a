"""The nouns of the house and pure geometry on grids: no file, no DICOM tag, no clinical threshold."""
