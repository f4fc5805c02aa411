use super::*;
use tract_onnx::pb::{AttributeProto, OperatorSetIdProto, SparseTensorProto};

fn graph() -> GraphProto {
    let tensor = |elem_type| type_proto::Tensor { elem_type, shape: None };
    let info = |name: &str, kind: DataType| ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(tract_onnx::pb::TypeProto {
            denotation: String::new(),
            value: Some(type_proto::Value::TensorType(tensor(kind as i32))),
        }),
        doc_string: String::new(),
    };
    GraphProto {
        input: vec![info("input_ids", DataType::Int64), info("attention_mask", DataType::Int64)],
        output: vec![info("hidden", DataType::Float), info(LOGITS, DataType::Float)],
        ..GraphProto::default()
    }
}

fn node(op_type: &str) -> NodeProto {
    NodeProto { op_type: op_type.to_owned(), name: "n".to_owned(), ..NodeProto::default() }
}

fn refusal(break_it: impl FnOnce(&mut ModelProto)) -> String {
    let opset = OperatorSetIdProto { domain: String::new(), version: 17 };
    let mut proto = ModelProto { graph: Some(graph()), opset_import: vec![opset], ..ModelProto::default() };
    break_it(&mut proto);
    check_proto(proto).map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

fn graph_refusal(break_it: impl FnOnce(&mut GraphProto)) -> String {
    refusal(|proto| break_it(proto.graph.as_mut().unwrap()))
}

#[test]
fn a_graph_within_the_contract_keeps_only_its_scores() {
    let proto = ModelProto { graph: Some(graph()), ..ModelProto::default() };
    let checked = check_proto(proto).unwrap();
    assert_eq!(checked.columns, [Column::Ids, Column::Mask]);
    assert_eq!(checked.proto.graph.unwrap().output.len(), 1);
}

#[test]
fn half_precision_external_and_sparse_weights_are_refused() {
    let tensor = TensorProto { name: "w".to_owned(), ..TensorProto::default() };
    let half = TensorProto { data_type: DataType::Float16 as i32, ..tensor.clone() };
    let says = graph_refusal(|graph| graph.initializer.push(half.clone()));
    assert!(says.contains("the weights \"w\" are FLOAT16; export in float32"), "{says}");
    let external = TensorProto { data_location: Some(DataLocation::External as i32), ..tensor };
    let says = graph_refusal(|graph| graph.initializer.push(external));
    assert!(says.contains("stored outside the file"), "{says}");
    let constant = AttributeProto { t: Some(half), ..AttributeProto::default() };
    let says = graph_refusal(|graph| {
        graph.node.push(NodeProto { attribute: vec![constant], ..node("Constant") });
    });
    assert!(says.contains("FLOAT16"), "{says}");
    let says = graph_refusal(|graph| graph.sparse_initializer.push(SparseTensorProto::default()));
    assert!(says.contains("sparse"), "{says}");
}

#[test]
fn operators_out_of_reach_are_named_also_inside_branches() {
    let says = graph_refusal(|graph| graph.node.push(node("MatMulInteger")));
    assert!(says.contains("node \"n\" (MatMulInteger) is quantised"), "{says}");
    let says = graph_refusal(|graph| {
        graph.node.push(NodeProto { domain: "com.microsoft".to_owned(), ..node("Gelu") });
    });
    assert!(says.contains("operator Gelu of com.microsoft (node \"n\")"), "{says}");
    let inner = GraphProto { node: vec![node("Nonsense")], ..GraphProto::default() };
    let branch = AttributeProto { g: Some(inner), ..AttributeProto::default() };
    let says = graph_refusal(|graph| {
        graph.node.push(NodeProto { attribute: vec![branch], ..node("If") });
    });
    assert!(says.contains("operator Nonsense (node \"n\")"), "{says}");
}

#[test]
fn graphs_without_end_are_refused() {
    let mut inner = GraphProto::default();
    for _ in 0..=MAX_GRAPH_DEPTH {
        let branch = AttributeProto { g: Some(inner), ..AttributeProto::default() };
        let node = NodeProto { attribute: vec![branch], ..node("If") };
        inner = GraphProto { node: vec![node], ..GraphProto::default() };
    }
    let says = graph_refusal(|graph| graph.node = inner.node);
    assert!(says.contains("nests graphs"), "{says}");
}

#[test]
fn inputs_off_the_contract_are_refused() {
    let set =
        |change: fn(&mut type_proto::Tensor)| graph_refusal(|graph| change(tensor_type(&mut graph.input[0]).unwrap()));
    let says = set(|tensor| tensor.elem_type = DataType::Int32 as i32);
    assert!(says.contains("input_ids is not int64"), "{says}");
    let says = set(|tensor| {
        let fixed = Dimension { value: Some(dimension::Value::DimValue(128)), ..Default::default() };
        let dim = vec![Dimension::default(), fixed];
        tensor.shape = Some(TensorShapeProto { dim });
    });
    assert!(says.contains("input_ids has a fixed sequence size of 128"), "{says}");
    let says = graph_refusal(|graph| graph.input.truncate(1));
    assert!(says.contains("there is no input attention_mask"), "{says}");
    let says = refusal(|proto| proto.opset_import[0].version = 21);
    assert!(says.contains("opset 21 is not one of 9 to 18; export with `--opset 17`"), "{says}");
    let says = refusal(|proto| proto.graph = None);
    assert!(says.contains("no graph"), "{says}");
}

#[test]
fn scores_of_another_type_are_refused() {
    let says = graph_refusal(|graph| {
        tensor_type(&mut graph.output[1]).unwrap().elem_type = DataType::Double as i32;
    });
    assert!(says.contains("output logits is not float32"), "{says}");
}
