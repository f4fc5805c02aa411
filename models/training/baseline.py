"""The plain classifier ours is compared with: TF-IDF of characters and words, logistic regression."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression


def baseline(texts: list[str], targets: np.ndarray, wanted: list[str]) -> np.ndarray:
    """Probabilities [wanted, outputs] of one balanced logistic regression per output."""
    views = (
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True),
        TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), min_df=2, sublinear_tf=True),
    )
    learnt = sparse.hstack([view.fit_transform(texts) for view in views]).tocsr()
    asked = sparse.hstack([view.transform(wanted) for view in views]).tocsr()
    columns = []
    for k in range(targets.shape[1]):
        model = LogisticRegression(C=10, class_weight="balanced", solver="liblinear", random_state=0)
        columns.append(model.fit(learnt, targets[:, k]).predict_proba(asked)[:, 1])
    return np.array(columns).T
