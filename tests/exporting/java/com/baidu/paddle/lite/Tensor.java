package com.baidu.paddle.lite;

public class Tensor {
    public native boolean resize(long[] shape);

    public native boolean setData(float[] values);

    public native boolean setData(byte[] values);

    public native boolean setData(int[] values);

    public native boolean setData(long[] values);

    public native float[] getFloatData();

    public native byte[] getByteData();

    public native int[] getIntData();

    public native long[] getLongData();
}
