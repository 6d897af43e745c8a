import java.lang.reflect.Method;

/** Runs the tests of a class and prints the name of each that succeeds. */
public final class RunTests {
    public static void main(String[] arguments) throws Exception {
        Class<?> tests = Class.forName(arguments[0]);
        for (Method method : tests.getMethods()) {
            if (method.isAnnotationPresent(org.junit.Test.class)) {
                method.invoke(tests.getConstructor().newInstance());
                System.out.println("right: " + method.getName());
            }
        }
    }
}
