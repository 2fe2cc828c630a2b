"""Requests and answers as columns."""
