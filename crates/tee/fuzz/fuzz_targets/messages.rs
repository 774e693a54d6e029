//! Whatever decodes as a message encodes to the same bytes, and nothing panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oneslot_tee::{Request, Response};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = Request::decode(bytes) {
        let (head, tail) = request.encode();
        assert_eq!([&head, tail].concat(), bytes);
    }
    if let Ok(response) = Response::decode(bytes) {
        // Only a text above the limit is written shorter than it was read.
        let encoded = response.encode();
        assert!(encoded == bytes || bytes.len() > 4096);
        assert!(Response::decode(&encoded).is_ok());
    }
});
