/** Tests of reading, validating and making a configuration, on files of their own. */
@NullMarked
package dev.holdfast.agent.file;

import org.jspecify.annotations.NullMarked;
