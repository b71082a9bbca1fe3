"""From a picture's file to the images that a network takes: decoding, finding ink, framing."""
