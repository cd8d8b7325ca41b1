records=84
bytes=10166
