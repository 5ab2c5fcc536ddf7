"""Tests of the page Health."""
