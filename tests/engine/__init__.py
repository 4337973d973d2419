"""Tests of the engine itself, on the virtual clock, with fakes for everything outside of it."""
