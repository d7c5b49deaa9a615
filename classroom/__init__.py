"""The vocabulary of classroom-climate: quantities, places, timetables, factors, settings. No I/O."""
