"""Where in the body a region lies: landmarks, organs, reference regions, and the place of every candidate region."""
