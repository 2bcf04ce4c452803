"""The panel: its words, its clock, its deck and its papers."""
