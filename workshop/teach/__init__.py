"""What a cell shows: charts, the seat game, the model card, exercises."""
