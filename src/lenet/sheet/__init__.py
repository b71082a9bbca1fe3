"""A printed sheet of boxes for one's own handwriting, and its photograph → labelled pictures."""
