package org.junit;

public final class Assert {
    private Assert() {}

    public static void assertTrue(String what, boolean right) {
        if (!right) {
            throw new AssertionError(what);
        }
    }

    public static void assertTrue(boolean right) {
        assertTrue("it is not true", right);
    }
}
