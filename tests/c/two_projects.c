/* Two generated projects in one program, each with its own prefix. */
#include "first/made.h"
#include "second/made.h"

#include <stdio.h>

int main(void)
{
    acme_prepared *prepared = NULL;
    void *array = (void *)4096;
    printf("%d\n", (int)acme_scale_launch(NULL, array, 3));
    printf("%d\n", (int)umbrella_scale_launch(NULL, array, 3));
    acme_status first = acme_scale_launch(NULL, array, -1);
    printf("%d [%s] [%s]\n", (int)first, acme_last_error(), umbrella_last_error());
    umbrella_status second = umbrella_scale_launch(NULL, array, -2);
    printf("%d [%s] [%s]\n", (int)second, acme_last_error(), umbrella_last_error());
    if (acme_scale_launch_later(&prepared, array, 5) == ACME_OK)
        printf("%d\n", (int)acme_launch_prepared(prepared, NULL));
    acme_release_prepared(prepared);
    printf("%d %d\n", acme_made_register(), umbrella_made_register());
    return 0;
}
