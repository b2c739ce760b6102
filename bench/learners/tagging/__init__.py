"""Tagging models: BiLSTM encoders, decoders of one tag a word, and what they say."""
