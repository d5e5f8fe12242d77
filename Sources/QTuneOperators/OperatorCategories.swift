/// The lists of operators, one a category. A new operator is one line in its category's list.
package enum OperatorCategories {
    package static let all: [any Operator.Type] = [
        elementwise,
        logic,
        matrixProduct,
        neuralNetwork,
        normalization,
        reduction,
        tensor,
    ].flatMap { $0 }
}
