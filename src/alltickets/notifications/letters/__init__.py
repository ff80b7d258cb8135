"""What mails say: the order's facts (`writing.py`) become a letter in the buyer's language (`wording.py`), and that text and HTML."""
