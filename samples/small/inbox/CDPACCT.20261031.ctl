records=72
bytes=9434
