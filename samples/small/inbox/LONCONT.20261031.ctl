records=31
bytes=2823
