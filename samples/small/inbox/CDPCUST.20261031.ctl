records=49
bytes=15748
