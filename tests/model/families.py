"""Graphs in the shape in which current exporters write other families than BERT, each as small as it can be.

`distilbert`, `xlm_roberta` and `modernbert` follow `optimum-cli export onnx` (optimum-onnx 0.1.0, transformers 4.57),
`deberta` too with `branches=True`; without, it follows `torch.onnx.export(..., dynamo=True)` (transformers 5.24).
"""

import numpy as np
from onnx import TensorProto, helper

import graphs
from graphs import Graph

WIDTH, HEADS, LABELS = 16, 2, 3
SIZE = WIDTH // HEADS


def masked(g, values="attention_mask"):
    """0 where a token is, the lowest number where padding is: [batch, 1, 1, sequence]."""
    mask = g.op("Cast", g.op("Unsqueeze", values, g.ints(1, 2)), to=TensorProto.FLOAT)
    return g.op("Mul", g.op("Sub", g.scalar(1.0), mask), g.scalar(np.finfo(np.float32).min))


def length(g):
    return g.op("Gather", g.op("Shape", "input_ids"), g.const(np.int64(1)), axis=0)


def places(g):
    return g.op("Range", g.const(np.int64(0)), length(g), g.const(np.int64(1)))


def indexed(g):
    """The mask read by an index into its flattened self, as `mask[batch_index, place]` becomes by tracing."""
    flat = g.op("Flatten", "attention_mask", axis=2)
    rows = g.op("Gather", g.op("Shape", "input_ids"), g.const(np.int64(0)), axis=0)
    start = g.op("Mul", g.op("Range", g.const(np.int64(0)), rows, g.const(np.int64(1))), length(g))
    index = g.op("Add", g.op("Unsqueeze", start, g.ints(1)), g.op("Unsqueeze", places(g), g.ints(0)))
    return g.op("Squeeze", g.op("Gather", flat, index), g.ints(2))


def first_token(g, x):
    return g.op("Gather", x, g.const(np.int64(0)), axis=1)


def feed_forward(g, x):
    return g.linear(g.gelu(g.linear(x, WIDTH, 4 * WIDTH)), 4 * WIDTH, WIDTH)


def distilbert(seed, vocabulary, positions, traced=False, labels=LABELS):
    """Post-norm layers without token types; the head ends in ReLU instead of tanh.

    `traced` reads the mask as `torch.onnx.export(..., dynamo=False)` of transformers 5 does.
    """
    g = Graph(seed)
    words = g.op("Gather", g.normal(vocabulary, WIDTH, scale=1.0), "input_ids")
    x = g.layer_norm(g.op("Add", words, g.op("Gather", g.normal(positions, WIDTH, scale=0.3), places(g))), WIDTH)
    blocked = masked(g, indexed(g)) if traced else masked(g)
    for _ in range(2):
        x = g.layer_norm(g.op("Add", x, graphs.attention(g, x, blocked, WIDTH, HEADS)), WIDTH)
        x = g.layer_norm(g.op("Add", x, feed_forward(g, x)), WIDTH)
    pooled = g.op("Relu", g.linear(first_token(g, x), WIDTH, WIDTH))
    g.linear(pooled, WIDTH, labels, out="logits")
    return g.model(["input_ids", "attention_mask"], [("logits", ["batch", labels])])


def xlm_roberta(seed, vocabulary, positions, labels=LABELS):
    """RoBERTa's positions, one token type, and a head of two dense layers on the first token."""
    return graphs.transformer(seed, vocabulary, WIDTH, 2, HEADS, positions, labels, "roberta")


def rotated(g, x, cosine, sine):
    """Rotary position embedding: halves turned by an angle that grows with the position."""
    ends = [g.ints(0), g.ints(SIZE // 2), g.ints(2**62), g.ints(-1)]
    left = g.op("Slice", x, ends[0], ends[1], ends[3])
    right = g.op("Slice", x, ends[1], ends[2], ends[3])
    turned = g.op("Concat", g.op("Neg", right), left, axis=-1)
    return g.op("Add", g.op("Mul", x, cosine), g.op("Mul", turned, sine))


def angles(g, base):
    steps = (base ** -(np.arange(0, SIZE, 2) / SIZE)).astype(np.float32).reshape(1, -1)
    place = g.op("Unsqueeze", g.op("Cast", places(g), to=TensorProto.FLOAT), g.ints(1))
    half = g.op("MatMul", place, g.const(steps))
    both = g.op("Concat", half, half, axis=-1)
    return g.op("Cos", both), g.op("Sin", both)


def rotary_attention(g, x, blocked, turn):
    joint = g.op("MatMul", x, g.normal(WIDTH, 3 * WIDTH, scale=WIDTH**-0.5))
    joint = g.op("Reshape", joint, g.ints(0, 0, 3, HEADS, SIZE))
    parts = g.op("Split", joint, g.ints(1, 1, 1), outputs=3, axis=2)
    query, key, value = (
        g.op("Transpose", g.op("Squeeze", part, g.ints(2)), perm=[0, 2, 1, 3]) for part in parts
    )
    key = g.op("Transpose", rotated(g, key, *turn), perm=[0, 1, 3, 2])
    match = g.op("Mul", g.op("MatMul", rotated(g, query, *turn), key), g.scalar(SIZE**-0.5))
    weight = g.op("Softmax", g.op("Add", match, blocked), axis=-1)
    mixed = g.op("Transpose", g.op("MatMul", weight, value), perm=[0, 2, 1, 3])
    return g.op("MatMul", g.op("Reshape", mixed, g.ints(0, 0, WIDTH)), g.normal(WIDTH, WIDTH, scale=WIDTH**-0.5))


def plain_norm(g, x):
    gain = g.const((1 + g.random.normal(0, 0.1, WIDTH)).astype(np.float32))
    return g.op("LayerNormalization", x, gain, g.const(np.zeros(WIDTH, np.float32)), axis=-1, epsilon=1e-5)


def modernbert(seed, vocabulary, reach, labels=LABELS):
    """Pre-norm layers with rotary positions, a sliding window in two of three, gated feed-forward, mean pooling."""
    g = Graph(seed)
    x = plain_norm(g, g.op("Gather", g.normal(vocabulary, WIDTH, scale=1.0), "input_ids"))
    everywhere = masked(g)
    row, column = g.op("Unsqueeze", places(g), g.ints(1)), g.op("Unsqueeze", places(g), g.ints(0))
    near = g.op("LessOrEqual", g.op("Abs", g.op("Sub", row, column)), g.const(np.int64(reach)))
    near = g.op("Unsqueeze", near, g.ints(0, 1))
    nearby = g.op("Where", near, everywhere, g.scalar(np.finfo(np.float32).min))
    far, close = angles(g, 160_000.0), angles(g, 10_000.0)
    for layer in range(3):
        whole = layer % 3 == 0
        inner = x if layer == 0 else plain_norm(g, x)
        x = g.op("Add", x, rotary_attention(g, inner, everywhere if whole else nearby, far if whole else close))
        both = g.op("MatMul", plain_norm(g, x), g.normal(WIDTH, 4 * WIDTH, scale=WIDTH**-0.5))
        value, gate = g.op("Split", both, g.ints(2 * WIDTH, 2 * WIDTH), outputs=2, axis=-1)
        gated = g.op("Mul", g.gelu(value), gate)
        x = g.op("Add", x, g.op("MatMul", gated, g.normal(2 * WIDTH, WIDTH, scale=(2 * WIDTH) ** -0.5)))
    x = plain_norm(g, x)
    mask = g.op("Cast", g.op("Unsqueeze", "attention_mask", g.ints(-1)), to=TensorProto.FLOAT)
    total = g.op("ReduceSum", g.op("Mul", x, mask), g.ints(1), keepdims=0)
    pooled = g.op("Div", total, g.op("ReduceSum", mask, g.ints(1), keepdims=0))
    hidden = plain_norm(g, g.gelu(g.op("MatMul", pooled, g.normal(WIDTH, WIDTH, scale=WIDTH**-0.5))))
    g.linear(hidden, WIDTH, labels, out="logits")
    return g.model(["input_ids", "attention_mask"], [("logits", ["batch", labels])])


def buckets(g, span, most):
    """Distances between tokens, exact when near and logarithmic when far: [1, sequence, sequence]."""
    middle = span // 2
    row, column = g.op("Unsqueeze", places(g), g.ints(1)), g.op("Unsqueeze", places(g), g.ints(0))
    distance = g.op("Sub", row, column)
    near = g.op("And", g.op("Less", distance, g.const(np.int64(middle))), g.op("Greater", distance, g.const(np.int64(-middle))))
    size = g.op("Where", near, g.const(np.int64(middle - 1)), g.op("Abs", distance))
    ratio = g.op("Div", g.op("Cast", size, to=TensorProto.FLOAT), g.scalar(middle))
    scale = g.scalar((middle - 1) / np.log((most - 1) / middle))
    far = g.op("Add", g.op("Ceil", g.op("Mul", g.op("Log", ratio), scale)), g.scalar(middle))
    sign = g.op("Cast", g.op("Sign", distance), to=TensorProto.FLOAT)
    exact = g.op("LessOrEqual", size, g.const(np.int64(middle)))
    bucket = g.op("Where", exact, g.op("Cast", distance, to=TensorProto.FLOAT), g.op("Mul", far, sign))
    return g.op("Unsqueeze", g.op("Cast", bucket, to=TensorProto.INT64), g.ints(0))


def branch(name, value):
    """One side of an `If`: a value of the graph around it."""
    out = f"{name}_out"
    info = helper.make_tensor_value_info(out, TensorProto.INT64, None)
    return helper.make_graph([helper.make_node("Identity", [value], [out], f"{name}_Identity")], name, [], [info])


def scripted(g, distance, query, key):
    """What a scripted `if key.size(-2) != query.size(-2)` becomes: sides of three and of four dimensions."""
    size = [g.op("Gather", g.op("Shape", x), g.const(np.int64(-2)), axis=0) for x in (query, key)]
    differs = g.op("Not", g.op("Equal", *size))
    deep = g.op("Unsqueeze", distance, g.ints(0))
    chosen = g.op("If", differs, then_branch=branch("then", distance), else_branch=branch("else", deep))
    return g.op("Reshape", chosen, g.op("Shape", distance))


def disentangled(g, x, table, blocked, distance, span, branches):
    def dense():
        return g.normal(WIDTH, WIDTH, scale=WIDTH**-0.5), g.normal(WIDTH, scale=0.1)

    def split(y, weights):
        y = g.op("Add", g.op("MatMul", y, weights[0]), weights[1])
        y = g.op("Transpose", g.op("Reshape", y, g.ints(0, -1, HEADS, SIZE)), perm=[0, 2, 1, 3])
        return y

    weights = [dense() for _ in range(3)]
    query, key, value = (split(x, weight) for weight in weights)
    rows = g.op("Unsqueeze", table, g.ints(0))
    place_query, place_key = split(rows, weights[0]), split(rows, weights[1])

    def swapped(y):
        return g.op("Transpose", y, perm=[0, 1, 3, 2])

    scale = g.scalar((3 * SIZE) ** 0.5)
    whole = g.op("Concat", g.op("Shape", query, start=0, end=3), g.op("Shape", query, start=2, end=3), axis=0)

    def picked(scores, index):
        index = g.op("Clip", g.op("Add", index, g.const(np.int64(span))), g.const(np.int64(0)), g.const(np.int64(2 * span - 1)))
        index = g.op("Expand", g.op("Unsqueeze", index, g.ints(0)), whole)
        return g.op("GatherElements", scores, index, axis=-1)

    content = g.op("Div", g.op("MatMul", query, swapped(key)), scale)
    to_place = g.op("Div", picked(g.op("MatMul", query, swapped(place_key)), distance), scale)
    back = scripted(g, distance, query, key) if branches else distance
    from_place = picked(g.op("MatMul", key, swapped(place_query)), g.op("Neg", back))
    from_place = g.op("Div", swapped(from_place), scale)
    match = g.op("Add", g.op("Add", content, to_place), from_place)
    weight = g.op("Softmax", g.op("Add", match, blocked), axis=-1)
    mixed = g.op("Transpose", g.op("MatMul", weight, value), perm=[0, 2, 1, 3])
    return g.linear(g.op("Reshape", mixed, g.ints(0, 0, WIDTH)), WIDTH, WIDTH)


def deberta(seed, vocabulary, most, branches, labels=LABELS):
    """Disentangled attention: content and relative place score each other; no table of positions."""
    span = 8
    g = Graph(seed)
    x = g.layer_norm(g.op("Gather", g.normal(vocabulary, WIDTH, scale=1.0), "input_ids"), WIDTH)
    mask = g.op("Cast", g.op("Unsqueeze", "attention_mask", g.ints(2)), to=TensorProto.FLOAT)
    x = g.op("Mul", x, mask)
    table = g.layer_norm(g.normal(2 * span, WIDTH, scale=0.5), WIDTH)
    blocked, distance = masked(g), buckets(g, span, most)
    for _ in range(2):
        x = g.layer_norm(g.op("Add", x, disentangled(g, x, table, blocked, distance, span, branches)), WIDTH)
        x = g.layer_norm(g.op("Add", x, feed_forward(g, x)), WIDTH)
    pooled = g.gelu(g.linear(first_token(g, x), WIDTH, WIDTH))
    g.linear(pooled, WIDTH, labels, out="logits")
    return g.model(["input_ids", "attention_mask"], [("logits", ["batch", labels])])
