import { jest } from '@jest/globals';
import { patience } from '@loyalty/local/test-patience.ts';

// What jest calls before each test file.
jest.setTimeout(patience(15_000));
