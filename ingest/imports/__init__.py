"""Files a city already has: meter values, bills and weather, by a mapping, checked as a whole before anything
is stored."""
