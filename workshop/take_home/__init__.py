"""What people take home: notes to print, and a copy to read before the talk."""
