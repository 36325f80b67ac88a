"""Regions become lesions: disease or physiologic by rules, then by a reader's decisions."""
