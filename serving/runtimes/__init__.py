"""What runs a model: ONNX Runtime, TensorFlow, trees, and exports to them."""
