"""The cheaper model that an encoder must be worth: words and pairs of words by TF-IDF, and a logistic regression over them.

It is trained where it is scored and is never stored: what it says of a holdout is all that is wanted of it.
"""

from __future__ import annotations

from collections.abc import Sequence

NAME = "TF-IDF and logistic regression"
MOST_TERMS = 200_000
"""The most frequent of the words and pairs: what a large set has beyond these costs memory and tells nothing."""


def answers(texts: Sequence[str], labels: Sequence[str], asked: Sequence[str]) -> list[dict[str, float]]:
    """The probability of each label for each text that is asked; learned from `texts` and their `labels`, two kinds at least."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    terms = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), max_features=MOST_TERMS)
    model = make_pipeline(terms, LogisticRegression(C=10.0, max_iter=1000))
    model.fit(texts, labels)
    return [dict(zip(model.classes_.tolist(), row, strict=True)) for row in model.predict_proba(asked).tolist()]
