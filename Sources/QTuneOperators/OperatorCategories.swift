/// The lists of operators, one a category. A new operator is one line in its category's list.
package enum OperatorCategories {
    package static let all: [any Operator.Type] = [
        attention,
        contributed,
        controlFlow,
        detection,
        elementwise,
        generation,
        image,
        logic,
        loss,
        machineLearning,
        matrixProduct,
        neuralNetwork,
        normalization,
        quantization,
        recurrent,
        reduction,
        resampling,
        signal,
        tensor,
        text,
    ].flatMap { $0 }
}
