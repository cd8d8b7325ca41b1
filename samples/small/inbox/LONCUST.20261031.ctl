records=64
bytes=14146
