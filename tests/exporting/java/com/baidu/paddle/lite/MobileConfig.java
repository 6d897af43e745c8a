package com.baidu.paddle.lite;

public class MobileConfig extends ConfigBase {}
