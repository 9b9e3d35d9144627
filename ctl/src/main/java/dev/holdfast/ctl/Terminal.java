package dev.holdfast.ctl;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.function.BooleanSupplier;

/** Where a command writes, and asks when somebody is there to answer. */
final class Terminal {
    private final PrintWriter out;
    private final PrintWriter err;
    private final BufferedReader in;
    private final BooleanSupplier attended;

    /**
     * @param attended whether a person sits at it; asked only when a question comes up, since
     *     finding out takes time
     */
    Terminal(PrintWriter out, PrintWriter err, BufferedReader in, BooleanSupplier attended) {
        this.out = out;
        this.err = err;
        this.in = in;
        this.attended = attended;
    }

    PrintWriter out() {
        return out;
    }

    PrintWriter err() {
        return err;
    }

    boolean isAttended() {
        return attended.getAsBoolean();
    }

    void print(String text) {
        out.print(text);
        out.flush();
    }

    void line(String line) {
        out.println(line);
        out.flush();
    }

    void warn(String line) {
        err.println(line);
        err.flush();
    }

    /** All of the standard input. */
    String readAll() {
        StringBuilder text = new StringBuilder();
        in.lines().forEach(line -> text.append(line).append('\n'));
        return text.toString();
    }

    /**
     * Asks for a line.
     *
     * @param unattended what to give instead of an answer, named in the error when nobody can
     *     answer
     * @throws CtlException when nobody can be asked
     */
    String ask(String question, String fallback, String unattended) {
        if (!attended.getAsBoolean()) {
            throw new CtlException(
                    "this command asks \""
                            + question
                            + "\", and its input is not a terminal: give "
                            + unattended
                            + ".");
        }
        print(question + " [" + fallback + "]: ");
        String answer = readLine().strip();
        return answer.isEmpty() ? fallback : answer;
    }

    /**
     * Asks for a line that nothing on the command line can stand for; a script may pipe it in.
     *
     * @throws CtlException when the input has ended
     */
    String answer(String question) {
        print(question + ": ");
        return readLine().strip();
    }

    /**
     * Asks for a yes.
     *
     * @throws CtlException when the answer is no, or nobody can be asked
     */
    void confirm(String question) {
        if (!attended.getAsBoolean()) {
            throw new CtlException(
                    "this command asks \""
                            + question
                            + "\", and its input is not a terminal: give --force to do it without being asked.");
        }
        print(question + " [y/N]: ");
        String answer = readLine().strip();
        if (!answer.equalsIgnoreCase("y") && !answer.equalsIgnoreCase("yes")) {
            throw new CtlException("Nothing was changed, as you wished.");
        }
    }

    private String readLine() {
        try {
            String line = in.readLine();
            if (line == null) {
                throw new CtlException(
                        "the input ended before the question was answered; nothing was changed.");
            }
            return line;
        } catch (IOException e) {
            throw new CtlException(
                    "the answer could not be read (" + e.getMessage() + "); nothing was changed.",
                    e);
        }
    }
}
