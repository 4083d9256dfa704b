"""What is derived is derived once, when it is asked for first."""

from logscan.lazy import lazy


class Line:
    def __init__(self, text):
        self.text = text
        self.folded = 0

    @lazy
    def lower(self):
        """The text in lower case."""
        self.folded += 1
        return self.text.lower()


def test_it_is_derived_once_for_each_object():
    one, other = Line("BOOM"), Line("Calm")
    assert [0, "boom", "boom", 1] == [one.folded, one.lower, one.lower, one.folded]
    assert ["calm", 1] == [other.lower, other.folded]


def test_the_class_knows_what_it_is():
    assert "The text in lower case." == Line.lower.__doc__
