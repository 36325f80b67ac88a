"""The door: files become a study, lesions leave as DICOM SEG, SR and NIfTI, and masks made elsewhere come in."""
