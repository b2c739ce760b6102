"""The papers' models behind one small protocol: training, decoding and named signals."""
