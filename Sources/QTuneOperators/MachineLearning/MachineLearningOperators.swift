extension OperatorCategories {
    /// The domain `ai.onnx.ml`: classical learning as scikit-learn, LightGBM and XGBoost export it.
    static let machineLearning: [any Operator.Type] = [
        ArrayFeatureExtractor.self,
        Binarizer.self,
        CastMap.self,
        CategoryMapper.self,
        DictVectorizer.self,
        FeatureVectorizer.self,
        Imputer.self,
        LabelEncoder.self,
        LinearClassifier.self,
        LinearRegressor.self,
        Normalizer.self,
        OneHotEncoder.self,
        SVMClassifier.self,
        SVMRegressor.self,
        Scaler.self,
        TreeEnsemble.self,
        TreeEnsembleClassifier.self,
        TreeEnsembleRegressor.self,
        ZipMap.self,
    ]
}

/// An operator of the domain `ai.onnx.ml`.
protocol MachineLearningOperator: Operator {}

extension MachineLearningOperator {
    static var domain: String { "ai.onnx.ml" }
    static var versions: [Int] { [1] }
}
