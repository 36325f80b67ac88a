"""A second viewer beside carpet: the trial's DICOM objects by DICOMweb, read-only, and OHIF on top of them."""
