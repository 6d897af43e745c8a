package com.baidu.paddle.lite;

public class PaddlePredictor {
    public static native PaddlePredictor createPaddlePredictor(ConfigBase config);

    public native Tensor getInput(int index);

    public native Tensor getOutput(int index);

    public native boolean run();
}
