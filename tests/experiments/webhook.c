/* The signature of a webhook, by the test vectors of Standard Webhooks. */
#include "experiments/webhook.h"

#include <sodium.h>
#include <string.h>

#include "tests/test.h"

FV_TEST(experiments_webhook__the_signature_is_that_of_standard_webhooks) {
    unsigned char key[64];
    size_t length;
    char signature[FV_WEBHOOK_SIGNATURE_LETTERS];
    assert_int_equal(sodium_base642bin(key, sizeof key, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 32, NULL, &length, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    fv_webhook_sign(key, (int64_t)length, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}", signature);
    assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}
