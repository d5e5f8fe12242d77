/// A length along each of the two spatial axes.
package struct Extent2D: Hashable, Sendable {
    package var height: Int
    package var width: Int

    package init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    /// 1 along both axes.
    package static let one = Extent2D(height: 1, width: 1)

    package var area: Int { height * width }
}

/// Rows and columns that stand round an image and hold the padding value. None is negative.
package struct Padding2D: Hashable, Sendable {
    package var top: Int
    package var left: Int
    package var bottom: Int
    package var right: Int

    package init(top: Int, left: Int, bottom: Int, right: Int) {
        self.top = top
        self.left = left
        self.bottom = bottom
        self.right = right
    }

    package static let none = Padding2D(top: 0, left: 0, bottom: 0, right: 0)

    package init(all width: Int) { self.init(top: width, left: width, bottom: width, right: width) }
}

/// A window that slides over an image: convolutions and poolings have one.
package struct SlidingWindow: Hashable, Sendable {
    package var kernel: Extent2D
    package var stride: Extent2D
    package var dilation: Extent2D
    package var padding: Padding2D

    package init(
        kernel: Extent2D, stride: Extent2D = .one, dilation: Extent2D = .one, padding: Padding2D = .none
    ) {
        self.kernel = kernel
        self.stride = stride
        self.dilation = dilation
        self.padding = padding
    }

    /// Positions of the window over an image of `height` rows; 0 where it does not fit.
    package func outputHeight(of height: Int) -> Int {
        Self.positions(height + padding.top + padding.bottom, kernel.height, stride.height, dilation.height)
    }

    /// Positions of the window over an image of `width` columns; 0 where it does not fit.
    package func outputWidth(of width: Int) -> Int {
        Self.positions(width + padding.left + padding.right, kernel.width, stride.width, dilation.width)
    }

    /// The most taps of the window that can lie in an image at once.
    package func visibleTaps(height: Int, width: Int) -> Int {
        min(kernel.height, height) * min(kernel.width, width)
    }

    private static func positions(_ length: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
        let span = dilation * (kernel - 1) + 1
        return length < span ? 0 : (length - span) / stride + 1
    }
}

/// Every length that a two-dimensional convolution over NHWC images depends on.
package struct ConvolutionShape: Hashable, Sendable {
    package var batch: Int
    package var inputHeight: Int
    package var inputWidth: Int
    package var inputChannels: Int
    package var outputChannels: Int
    package var groups: Int
    package var window: SlidingWindow

    package init(
        batch: Int, inputHeight: Int, inputWidth: Int, inputChannels: Int, outputChannels: Int, groups: Int = 1,
        window: SlidingWindow
    ) {
        self.batch = batch
        self.inputHeight = inputHeight
        self.inputWidth = inputWidth
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
        self.groups = groups
        self.window = window
    }

    package var kernel: Extent2D { window.kernel }
    package var stride: Extent2D { window.stride }
    package var dilation: Extent2D { window.dilation }
    package var padding: Padding2D { window.padding }

    package var outputHeight: Int { window.outputHeight(of: inputHeight) }
    package var outputWidth: Int { window.outputWidth(of: inputWidth) }

    /// Positions of the window in all images.
    package var outputPixels: Int { batch * outputHeight * outputWidth }

    package var inputChannelsPerGroup: Int { inputChannels / groups }
    package var outputChannelsPerGroup: Int { outputChannels / groups }

    /// One input channel and one output channel in each group.
    package var isDepthwise: Bool { groups > 1 && groups == inputChannels && groups == outputChannels }

    /// A 1x1 window that steps over every pixel, so that output pixels are input pixels.
    package var isEveryPixel: Bool { kernel == .one && stride == .one && padding == .none }

    /// Multiply-accumulates of the whole convolution.
    package var multiplyAccumulates: Int {
        outputPixels * outputChannels * inputChannelsPerGroup * kernel.area
    }
}
