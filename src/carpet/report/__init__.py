"""Records become pages and pictures: pure, returns bytes or text, writes nothing and reads no clock."""
