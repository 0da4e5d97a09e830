"""What a notebook meets of google.colab: the live notebook and downloads."""

from google.colab import _message, files

__all__ = ["_message", "files"]
