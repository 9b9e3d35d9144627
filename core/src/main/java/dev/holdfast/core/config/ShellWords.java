package dev.holdfast.core.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Splits a command as a shell does: at blanks, except within quotes or after a backslash. Nothing
 * is expanded, and no shell runs.
 */
final class ShellWords {
    private ShellWords() {}

    /** The words; empty where a quote is not closed, or nothing is there. */
    static Optional<List<String>> split(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean inWord = false;
        char quote = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean escapes = c == '\\' && quote != '\'';
            if (escapes && i + 1 == text.length()) {
                return Optional.empty();
            }
            if (escapes) {
                char next = text.charAt(++i);
                // Within double quotes a backslash is one unless it stands before these.
                if (quote == '"' && next != '"' && next != '\\') {
                    word.append(c);
                }
                word.append(next);
                inWord = true;
            } else if (quote != 0) {
                if (c == quote) {
                    quote = 0;
                } else {
                    word.append(c);
                }
            } else if (c == '\'' || c == '"') {
                quote = c;
                inWord = true;
            } else if (!Character.isWhitespace(c)) {
                word.append(c);
                inWord = true;
            } else if (inWord) {
                words.add(word.toString());
                word.setLength(0);
                inWord = false;
            }
        }
        if (inWord) {
            words.add(word.toString());
        }
        return quote != 0 || words.isEmpty() ? Optional.empty() : Optional.of(words);
    }
}
