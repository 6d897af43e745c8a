package org.junit;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Marks a test, so that apps' tests run here without JUnit. */
@Retention(RetentionPolicy.RUNTIME)
public @interface Test {}
