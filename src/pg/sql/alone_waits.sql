-- It waits for every transaction that is open, and makes nobody wait meanwhile.
SET lock_timeout = 0;
