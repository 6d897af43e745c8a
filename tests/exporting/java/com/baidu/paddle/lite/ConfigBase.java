package com.baidu.paddle.lite;

/** Declares what apps call of Paddle-Lite's Java API; nothing of it computes. */
public class ConfigBase {
    public native void setModelFromFile(String path);

    public native void setThreads(int threads);

    public native void setPowerMode(PowerMode mode);
}
