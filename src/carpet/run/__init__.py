"""The shell: the only floor where a clock is read, a user is named, and a file is written."""
