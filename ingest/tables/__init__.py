"""A site's own tables from files: calendars, timetables and places. Nothing here writes to disk."""
