"""The cheaper model: it learns which words tell, and says how likely each label is."""

from __future__ import annotations

from client import transcriptions
from training import bag_of_words


def test_it_learns_what_tells_the_labels_apart() -> None:
    learned, asked = transcriptions.write(150, seed=1), transcriptions.write(60, seed=2)
    found = bag_of_words.answers(
        [each["text"] for each in learned], [each["label"] for each in learned], [each["text"] for each in asked]
    )
    assert all(abs(sum(answer.values()) - 1) < 1e-6 for answer in found)
    right = [max(answer, key=answer.__getitem__) == each["label"] for answer, each in zip(found, asked, strict=True)]
    assert sum(right) / len(right) > 0.8
