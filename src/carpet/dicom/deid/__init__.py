"""PET and CT without the patient: what passes, what becomes of dates, names, UIDs and words, and the key that leads back."""
