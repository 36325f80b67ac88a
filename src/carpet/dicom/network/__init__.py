"""From and to an archive: DICOMweb asked by carpet, C-STORE received by it. Imported only by the commands that need it."""
